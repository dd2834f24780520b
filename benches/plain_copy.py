"""What a short script does: all contacts of an org by simple-salesforce into one plain table.

Takes the fields as arguments and the org from TIELINE_SIMULATOR; prints the seconds of two rounds
as JSON. The second round reads everything again, as a script without a cursor must.
"""

import json
import os
import sqlite3
import sys
import tempfile
import time

from simple_salesforce import Salesforce
from simulator import INFO, ORG, session

fields = sys.argv[1:]


def copy(org, folder, number):
    began = time.perf_counter()
    with sqlite3.connect(os.path.join(folder, f"{number}.db")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(f"CREATE TABLE contact ({', '.join(f.replace('.', '_') for f in fields)})")
        insert = f"INSERT INTO contact VALUES ({', '.join('?' * len(fields))})"
        page = org.query(f"SELECT {', '.join(fields)} FROM Contact")
        while True:
            database.executemany(insert, [row(record) for record in page["records"]])
            database.commit()
            if page["done"]:
                break
            page = org.query_more(page["nextRecordsUrl"], identifier_is_url=True)
        count = database.execute("SELECT count(*) FROM contact").fetchone()[0]
    return time.perf_counter() - began, count


def row(record):
    values = []
    for field in fields:
        value = record
        for step in field.split("."):
            value = value.get(step) if value else None
        values.append(value)
    return values


org = Salesforce(
    instance_url=INFO["base_url"], session_id=ORG["access_token"], version="60.0", session=session()
)
with tempfile.TemporaryDirectory() as folder:
    rounds = [copy(org, folder, number) for number in range(2)]
json.dump({"seconds": [r[0] for r in rounds], "rows": rounds[0][1]}, sys.stdout)

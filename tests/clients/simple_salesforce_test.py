"""simple-salesforce uses the pretend org as it would use a real one."""

import csv
import io
import os
import unittest
import unittest.mock
from datetime import datetime, timedelta, timezone
from pathlib import Path

import requests
from simple_salesforce import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from simple_salesforce.exceptions import SalesforceOperationError

from simulator import INFO, ORG, control, session


def connect():
    """By an access token."""
    return Salesforce(instance_url=INFO["base_url"], session_id=ORG["access_token"], session=session())


class SignIn(unittest.TestCase):
    def works(self, **login):
        org = Salesforce(session=session(), domain="acme.my", **login)
        self.assertGreater(org.query("SELECT COUNT() FROM Contact")["totalSize"], 4_500)

    def test_by_password(self):
        self.works(
            username=ORG["username"],
            password=ORG["password"] + ORG["security_token"],
            consumer_key=ORG["consumer_key"],
            consumer_secret=ORG["consumer_secret"],
        )

    def test_by_soap(self):
        self.works(username=ORG["username"], password=ORG["password"], security_token=ORG["security_token"])

    def test_a_wrong_password_is_refused_by_soap(self):
        with self.assertRaises(SalesforceAuthenticationFailed) as caught:
            self.works(username=ORG["username"], password="wrong", security_token="")
        self.assertEqual(caught.exception.code, "INVALID_LOGIN")

    def test_by_client_credentials(self):
        self.works(consumer_key=ORG["consumer_key"], consumer_secret=ORG["consumer_secret"])

    def test_by_signed_assertion(self):
        self.works(
            username=ORG["username"],
            consumer_key=ORG["consumer_key"],
            privatekey=Path(ORG["jwt_key_file"]).read_text(),
        )

    def test_a_wrong_password_is_refused(self):
        with self.assertRaises(SalesforceAuthenticationFailed):
            self.works(
                username=ORG["username"],
                password="wrong",
                consumer_key=ORG["consumer_key"],
                consumer_secret=ORG["consumer_secret"],
            )

    def test_a_made_up_session_is_expired(self):
        org = Salesforce(instance_url=INFO["base_url"], session_id="00D!none", session=session())
        with self.assertRaises(SalesforceExpiredSession):
            org.query("SELECT Id FROM Contact")


class OverTls(unittest.TestCase):
    """As on any machine: Salesforce's own hosts over https, here by a proxy and the test CA."""

    def setUp(self):
        trusted = unittest.mock.patch.dict(os.environ, REQUESTS_CA_BUNDLE=INFO["ca_file"])
        trusted.start()
        self.addCleanup(trusted.stop)

    def works(self, org=ORG, **login):
        made = requests.Session()
        made.proxies = {"https": INFO["proxy_url"]}
        client = Salesforce(session=made, **login)
        self.assertEqual(f"https://{client.sf_instance}", org["public_url"])
        self.assertGreater(client.query("SELECT COUNT() FROM Contact")["totalSize"], 4_500)

    def test_by_password_and_security_token_over_soap(self):
        self.works(username=ORG["username"], password=ORG["password"], security_token=ORG["security_token"])

    def test_a_sandbox_signs_in_at_its_own_host(self):
        org = INFO["orgs"][1]
        self.works(org, username=org["username"], password=org["password"], security_token=org["security_token"], domain="test")

    def test_by_password_with_an_app(self):
        self.works(
            username=ORG["username"],
            password=ORG["password"] + ORG["security_token"],
            consumer_key=ORG["consumer_key"],
            consumer_secret=ORG["consumer_secret"],
        )

    def test_by_client_credentials_at_its_own_host_only(self):
        app = {"consumer_key": ORG["consumer_key"], "consumer_secret": ORG["consumer_secret"]}
        self.works(domain="acme.my", **app)

    def test_by_signed_assertion(self):
        key = Path(ORG["jwt_key_file"]).read_text()
        self.works(username=ORG["username"], consumer_key=ORG["consumer_key"], privatekey=key)

    def test_other_hosts_are_refused(self):
        with self.assertRaises(requests.exceptions.RequestException):
            requests.get("https://example.com", proxies={"https": INFO["proxy_url"]}, timeout=10)


class Records(unittest.TestCase):
    def setUp(self):
        self.org = connect()

    def test_describe_tells_fields_and_objects(self):
        names = {found["name"] for found in self.org.describe()["sobjects"]}
        self.assertLessEqual({"Account", "Contact", "Lead", "Task", "User"}, names)
        fields = {field["name"]: field for field in self.org.Contact.describe()["fields"]}
        self.assertEqual((fields["LastName"]["type"], fields["LastName"]["nillable"]), ("string", False))
        self.assertEqual(fields["AccountId"]["referenceTo"], ["Account"])

    def test_a_record_lives_from_create_to_delete(self):
        made = self.org.Contact.create({"LastName": "Okonkwo", "Email": "Ada@Example.com"})
        self.assertTrue(made["success"])
        self.assertEqual(self.org.Contact.update(made["id"], {"Title": "CTO"}), 204)
        found = self.org.Contact.get(made["id"])
        self.assertEqual((found["Title"], found["Email"]), ("CTO", "ada@example.com"))
        self.assertEqual(self.org.Contact.delete(made["id"]), 204)
        with self.assertRaises(SalesforceResourceNotFound):
            self.org.Contact.get(made["id"])
        gone = self.org.query_all(
            f"SELECT Id, IsDeleted FROM Contact WHERE Id = '{made['id']}'", include_deleted=True
        )
        self.assertTrue(gone["records"][0]["IsDeleted"])

    def test_upsert_by_external_id_creates_and_then_updates(self):
        fields = {field["name"] for field in self.org.Contact.describe()["fields"] if field["externalId"]}
        self.assertTrue(fields, "Contact has a field to upsert by")
        key = sorted(fields)[0]
        self.assertEqual(self.org.Contact.upsert(f"{key}/upsert-1", {"LastName": "First"}), 201)
        self.assertIn(self.org.Contact.upsert(f"{key}/upsert-1", {"LastName": "Second"}), (200, 204))
        found = self.org.query(f"SELECT LastName FROM Contact WHERE {key} = 'upsert-1'")
        self.assertEqual([row["LastName"] for row in found["records"]], ["Second"])

    def test_a_query_runs_over_several_pages(self):
        count = self.org.query("SELECT COUNT() FROM Contact")["totalSize"]
        first = self.org.query("SELECT Id FROM Contact ORDER BY Id")
        self.assertFalse(first["done"])
        self.assertEqual(len(first["records"]), 2_000)
        rows = list(self.org.query_all_iter("SELECT Id, Account.Name FROM Contact ORDER BY Id"))
        self.assertEqual((len(rows), len({row["Id"] for row in rows})), (count, count))

    def test_collections_answer_row_by_row(self):
        url = "composite/sobjects"
        rows = [{"attributes": {"type": "Contact"}, **fields} for fields in ({"LastName": "One"}, {"Title": "No name"})]
        answer = self.org.restful(url, method="POST", json={"allOrNone": False, "records": rows})
        self.assertEqual([row["success"] for row in answer], [True, False])
        self.assertEqual(answer[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING")
        self.assertEqual(answer[1]["errors"][0]["fields"], ["LastName"])
        answer = self.org.restful(url, method="DELETE", params={"ids": answer[0]["id"]})
        self.assertTrue(answer[0]["success"])

    def test_limits_count_this_client(self):
        limits = self.org.limits()
        self.assertIn("DailyBulkApiBatches", limits)
        self.org.query("SELECT Id FROM Account LIMIT 1")
        usage = self.org.api_usage["api-usage"]
        self.assertEqual(usage.total, limits["DailyApiRequests"]["Max"])
        self.assertGreater(usage.used, 0)

    def test_queries_can_tell_their_columns(self):
        answer = self.org.restful("query", params={"q": "SELECT Id, Account.Name FROM Contact", "columns": "true"})
        self.assertEqual([column["columnName"] for column in answer["columnMetadata"]], ["Id", "Account"])


class Bulk(unittest.TestCase):
    """Bulk API 2.0."""

    def setUp(self):
        self.org = connect()
        self.contacts = self.org.bulk2.Contact

    def test_files_are_inserted_updated_and_deleted_and_each_row_has_its_result(self):
        rows = [{"LastName": f"Bulk {n}", "Email": f"Bulk{n}@Example.com"} for n in range(450)]
        rows.append({"LastName": "", "Email": "nobody@example.com"})
        [done] = self.contacts.insert(records=rows)
        self.assertEqual((done["numberRecordsTotal"], done["numberRecordsFailed"]), (451, 1))
        good = list(csv.DictReader(io.StringIO(self.contacts.get_successful_records(done["job_id"]))))
        [bad] = csv.DictReader(io.StringIO(self.contacts.get_failed_records(done["job_id"])))
        self.assertEqual(len({row["sf__Id"] for row in good}), 450)
        self.assertIn("REQUIRED_FIELD_MISSING", bad["sf__Error"])
        self.assertEqual(self.contacts.get_unprocessed_records(done["job_id"]).count("\n"), 1)

        ids = [row["sf__Id"] for row in good]
        [done] = self.contacts.update(records=[{"Id": each, "Title": "Loaded"} for each in ids])
        self.assertEqual(done["numberRecordsFailed"], 0)
        found = self.org.query("SELECT COUNT() FROM Contact WHERE Title = 'Loaded'")
        self.assertEqual(found["totalSize"], 450)
        [done] = self.contacts.delete(records=[{"Id": each} for each in ids])
        self.assertEqual(done["numberRecordsFailed"], 0)

    def test_a_query_comes_in_pages(self):
        total = self.org.query("SELECT COUNT() FROM Contact")["totalSize"]
        pages = list(self.contacts.query("SELECT Id, LastName FROM Contact", max_records=2_000))
        rows = [row for page in pages for row in csv.DictReader(io.StringIO(page))]
        self.assertEqual(len(pages), -(-total // 2_000))
        self.assertEqual(len({row["Id"] for row in rows}), total)

    def test_a_wrong_column_fails_the_job(self):
        with self.assertRaises(SalesforceOperationError) as caught:
            self.contacts.insert(records=[{"LastName": "x", "Nope": "y"}])
        self.assertIn("InvalidBatch", str(caught.exception))


class Breadth(unittest.TestCase):
    def setUp(self):
        self.org = connect()

    def test_a_composite_hands_ids_on(self):
        url = f"/services/data/v{self.org.sf_version}/sobjects"
        answer = self.org.restful("composite", method="POST", json={"allOrNone": True, "compositeRequest": [
            {"method": "POST", "url": f"{url}/Account", "referenceId": "account", "body": {"Name": "Lumen"}},
            {"method": "POST", "url": f"{url}/Contact", "referenceId": "contact",
             "body": {"LastName": "Ito", "AccountId": "@{account.id}"}},
        ]})["compositeResponse"]
        self.assertEqual([part["httpStatusCode"] for part in answer], [201, 201])
        found = self.org.query(f"SELECT Account.Name FROM Contact WHERE Id = '{answer[1]['body']['id']}'")
        self.assertEqual(found["records"][0]["Account"]["Name"], "Lumen")

    def test_changes_and_deletions_of_a_span_are_listed(self):
        kept, gone = (self.org.Contact.create({"LastName": name})["id"] for name in ("Kept", "Gone"))
        self.org.Contact.delete(gone)
        now = datetime.now(timezone.utc)
        start, end = now - timedelta(minutes=5), now + timedelta(minutes=2)
        updated, deleted = self.org.Contact.updated(start, end), self.org.Contact.deleted(start, end)
        self.assertIn(kept, updated["ids"])
        self.assertNotIn(gone, updated["ids"])
        self.assertIn(gone, [record["id"] for record in deleted["deletedRecords"]])
        self.assertIn("latestDateCovered", updated)

    def test_searches_find_words(self):
        made = self.org.Contact.create({"LastName": "Quillfeather"})["id"]
        found = self.org.search("FIND {Quillfeather} IN NAME FIELDS RETURNING Contact(Id, LastName)")
        self.assertEqual([row["Id"] for row in found["searchRecords"]], [made])
        self.assertEqual(self.org.quick_search("Quillfeather")["searchRecords"][0]["Id"], made)

    def test_views_list_records(self):
        views = self.org.restful("sobjects/Contact/listviews")["listviews"]
        view = next(view for view in views if view["developerName"] == "AllContacts")
        results = self.org.restful(f"sobjects/Contact/listviews/{view['id']}/results", params={"limit": 5})
        self.assertEqual((results["size"], len(results["records"])), (5, 5))


class Errors(unittest.TestCase):
    def setUp(self):
        self.org = connect()

    def code(self, call):
        with self.assertRaises(SalesforceMalformedRequest) as caught:
            call()
        return caught.exception.content[0]["errorCode"]

    def test_a_wrong_field_is_named(self):
        self.assertEqual(self.code(lambda: self.org.query("SELECT Nope FROM Contact")), "INVALID_FIELD")

    def test_broken_soql_is_malformed(self):
        self.assertEqual(self.code(lambda: self.org.query("SELECT FROM")), "MALFORMED_QUERY")

    def test_a_missing_name_is_required(self):
        self.assertEqual(self.code(lambda: self.org.Contact.create({"Title": "x"})), "REQUIRED_FIELD_MISSING")

    def test_a_planned_fault_reaches_the_client(self):
        fault = control("POST", "/faults", {"method": "GET", "path": "/query", "times": 1, "mishap": {
            "kind": "error", "status": 500, "code": "UNKNOWN_EXCEPTION", "message": "something went wrong"}})["fault"]
        with self.assertRaises(Exception) as caught:
            self.org.query("SELECT Id FROM Contact LIMIT 1")
        self.assertIn("500", str(caught.exception))
        self.assertEqual(control("GET", f"/faults/{fault}")["fired"], 1)


if __name__ == "__main__":
    unittest.main()

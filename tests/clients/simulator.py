"""Where the simulator is, and the way for clients that insist on https to reach it."""

import json
import os
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

INFO = json.loads(os.environ["TIELINE_SIMULATOR"])
ORG = INFO["orgs"][0]


class ToLoopback(HTTPAdapter):
    """Sends what was meant for any https host to the simulator."""

    def send(self, request, **options):
        meant = urlsplit(request.url)
        here = urlsplit(INFO["base_url"])
        request.url = meant._replace(scheme=here.scheme, netloc=here.netloc).geturl()
        return super().send(request, **options)


def session():
    """A session of requests in which every https address is the simulator's."""
    made = requests.Session()
    made.mount("https://", ToLoopback())
    return made


def control(method, path, body=None):
    """Asks the control plane."""
    answer = requests.request(
        method,
        INFO["control_url"] + path,
        json=body,
        headers={"Authorization": f"Bearer {INFO['control_token']}"},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None

"""Where a key may go: to the base URL and to the provider's own other origins, never to a gateway's or from one."""

import pytest

from playground.catalog import load_tables
from playground.registry import Registry

STORAGE = "https://storage.googleapis.com:443"


@pytest.mark.parametrize(
    ("base_url", "shares"),
    [
        (None, True),
        ("https://aiplatform.googleapis.com/v1", True),
        ("https://aiplatform.us.rep.googleapis.com/v1", True),
        ("http://aiplatform.googleapis.com/v1", False),
        ("https://googleapis.com.example.com/v1", False),
        ("https://notgoogleapis.com/v1", False),
        ("http://127.0.0.1:9000/vertex/v1", False),
    ],
)
def test_vertex_shares_its_token_with_cloud_storage_only_at_google(base_url: str | None, shares: bool) -> None:
    account = {"VERTEX_PROJECT": "ours", "VERTEX_ACCESS_TOKEN": "token", "VERTEX_BASE_URL": base_url}
    provider = Registry(load_tables(), account.get)["vertex"]
    secret = provider.secret_of("token", provider.context)
    assert secret is not None
    assert (STORAGE in secret.origins) == shares
    assert len(secret.origins) == (2 if shares else 1)

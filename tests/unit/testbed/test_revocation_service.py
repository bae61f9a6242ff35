"""The service without a network: routes, media types, and the faults that belong to HTTP."""

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from flask.testing import FlaskClient

from testbed.faults import CrlFault, Faults, FaultSwitch, OcspFault, fault_switch
from testbed.revocation_service import OVERSIZED_CRL, OVERSIZED_OCSP, crl_locations, revocation_app
from tests.support.pki import A_MOMENT, SamplePki

OCSP_REQUEST = "application/ocsp-request"
A_LIST = "/crl/authentication/current/08220.crl"


class Waits(list[float]):
    """Remembers the seconds it was asked to wait, and waits none."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def switch(sample: SamplePki) -> FaultSwitch:
    return fault_switch(sample.state)


@pytest.fixture
def client(sample: SamplePki, switch: FaultSwitch, waits: Waits) -> FlaskClient:
    return revocation_app(sample.state, lambda: A_MOMENT, switch, hold=waits).test_client()


@pytest.fixture
def question(sample: SamplePki) -> bytes:
    return sample.an_ocsp_request(sample.a_certificate())[0]


def test_ocsp_answers_a_post(client: FlaskClient, question: bytes) -> None:
    response = client.post("/ocsp", data=question, content_type=OCSP_REQUEST)
    assert response.status_code == 200
    assert response.mimetype == "application/ocsp-response"
    parsed = ocsp.load_der_ocsp_response(response.data)
    assert parsed.serial_number == ocsp.load_der_ocsp_request(question).serial_number


def test_ocsp_answers_a_get_even_with_slashes_in_the_base64(client: FlaskClient, sample: SamplePki) -> None:
    leaf = sample.a_certificate()
    encoded = [base64.b64encode(sample.an_ocsp_request(leaf, nonce_length=128)[0]).decode() for _ in range(200)]
    # Two hundred random nonces without either are out of the question.
    for text in (next(text for text in encoded if "//" in text), next(text for text in encoded if "+" in text)):
        response = client.get("/ocsp/" + text)
        assert response.status_code == 200
        assert ocsp.load_der_ocsp_response(response.data).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL


def test_ocsp_refuses_a_get_that_is_not_base64(client: FlaskClient) -> None:
    assert client.get("/ocsp/!!!!").status_code == 400


def test_ocsp_refuses_another_media_type(client: FlaskClient, question: bytes) -> None:
    assert client.post("/ocsp", data=question, content_type="text/plain").status_code == 415


def test_ocsp_refuses_an_enormous_request(client: FlaskClient) -> None:
    assert client.post("/ocsp", data=bytes(70_000), content_type=OCSP_REQUEST).status_code == 413


def test_every_list_is_where_it_is_said_to_be(client: FlaskClient) -> None:
    locations = crl_locations()
    assert len(locations) == 12
    for location in locations:
        response = client.get(location.path)
        assert response.mimetype == "application/pkix-crl"
        crl = x509.load_der_x509_crl(response.data)
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        assert scope.full_name == [x509.DirectoryName(location.directory_name)]


@pytest.mark.parametrize(
    "path",
    [
        "/crl/web/current/08220.crl",
        "/crl/authentication/stranger/08220.crl",
        "/crl/authentication/current/99999.crl",
        "/crl/authentication/current/08220",
    ],
)
def test_there_is_no_other_list(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_life_of_the_lists_can_be_chosen(sample: SamplePki, switch: FaultSwitch) -> None:
    app = revocation_app(sample.state, lambda: A_MOMENT, switch, crl_life=timedelta(minutes=1))
    crl = x509.load_der_x509_crl(app.test_client().get(A_LIST).data)
    assert crl.next_update_utc == A_MOMENT + timedelta(minutes=1)


def test_faults_are_switched_by_json(client: FlaskClient, switch: FaultSwitch) -> None:
    table = {"ocsp": "stale", "crl": "missing", "delay_seconds": 2.0}
    response = client.post("/faults", json=table)
    assert response.get_json() == table
    assert switch.now() == Faults(ocsp=OcspFault.STALE, crl=CrlFault.MISSING, delay=timedelta(seconds=2))
    assert client.get("/faults").get_json() == table
    assert client.post("/faults", json={}).get_json()["ocsp"] is None


def test_faults_cannot_be_switched_by_a_form_or_a_typing_error(client: FlaskClient, switch: FaultSwitch) -> None:
    assert client.post("/faults", data={"ocsp": "late"}).status_code == 415
    assert client.post("/faults", data='{"ocsp": "late"}', content_type="text/plain").status_code == 415
    assert client.post("/faults", json={"ocsp": "sleepy"}).status_code == 400
    assert switch.now() == Faults()


def test_fault_of_the_contents_reaches_the_answer(client: FlaskClient, switch: FaultSwitch, question: bytes) -> None:
    switch.set(Faults(ocsp=OcspFault.STALE, crl=CrlFault.EXPIRED))
    answer = ocsp.load_der_ocsp_response(client.post("/ocsp", data=question, content_type=OCSP_REQUEST).data)
    assert answer.next_update_utc is not None
    assert answer.next_update_utc < A_MOMENT
    crl = x509.load_der_x509_crl(client.get(A_LIST).data)
    assert crl.next_update_utc is not None
    assert crl.next_update_utc < A_MOMENT


def test_late_answers_are_right_but_wait(
    client: FlaskClient, switch: FaultSwitch, waits: Waits, question: bytes
) -> None:
    switch.set(Faults(ocsp=OcspFault.LATE, crl=CrlFault.LATE, delay=timedelta(seconds=7)))
    answer = client.post("/ocsp", data=question, content_type=OCSP_REQUEST)
    assert ocsp.load_der_ocsp_response(answer.data).response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    x509.load_der_x509_crl(client.get(A_LIST).data)
    assert waits == [7, 7]


def test_trickling_answers_come_byte_by_byte(
    client: FlaskClient, switch: FaultSwitch, waits: Waits, question: bytes
) -> None:
    switch.set(Faults(ocsp=OcspFault.TRICKLE, delay=timedelta(seconds=1)))
    answer = client.post("/ocsp", data=question, content_type=OCSP_REQUEST)
    ocsp.load_der_ocsp_response(answer.data)
    assert len(waits) == len(answer.data) == answer.content_length


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (Faults(ocsp=OcspFault.HTTP_500, crl=CrlFault.HTTP_500), 500),
        (Faults(ocsp=OcspFault.GARBAGE, crl=CrlFault.GARBAGE), 200),
    ],
)
def test_answers_can_be_no_answers(
    client: FlaskClient, switch: FaultSwitch, question: bytes, faults: Faults, status: int
) -> None:
    switch.set(faults)
    answer = client.post("/ocsp", data=question, content_type=OCSP_REQUEST)
    fetched = client.get(A_LIST)
    assert (answer.status_code, fetched.status_code) == (status, status)
    with pytest.raises(ValueError, match="pars"):
        ocsp.load_der_ocsp_response(answer.data)
    with pytest.raises(ValueError, match="pars"):
        x509.load_der_x509_crl(fetched.data)


def test_missing_list_is_not_found(client: FlaskClient, switch: FaultSwitch) -> None:
    switch.set(Faults(crl=CrlFault.MISSING))
    assert client.get(A_LIST).status_code == 404


def test_oversized_answers_do_not_announce_their_size(
    client: FlaskClient, switch: FaultSwitch, question: bytes
) -> None:
    switch.set(Faults(ocsp=OcspFault.OVERSIZED, crl=CrlFault.OVERSIZED))
    answer = client.post("/ocsp", data=question, content_type=OCSP_REQUEST, buffered=False)
    fetched = client.get(A_LIST, buffered=False)
    for response, size in ((answer, OVERSIZED_OCSP), (fetched, OVERSIZED_CRL)):
        assert "Content-Length" not in response.headers
        assert sum(len(block) for block in response.iter_encoded()) == size

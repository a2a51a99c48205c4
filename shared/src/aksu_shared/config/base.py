"""Settings of a service, all from the environment under the prefix `AKSU_`; each service subclasses `BaseConfig`."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from aksu_shared.auth.pseudonym import DEVELOPMENT_KEY, MIN_KEY_CHARACTERS
from aksu_shared.db.log_keys import DEVELOPMENT_LOG_KEYS, LogKeys
from aksu_shared.kernel.environment import Environment
from aksu_shared.privacy.keys import NO_KEYS, KeyRing
from aksu_shared.privacy.retention import Retention

_TEN_MINUTES = 600


class BaseConfig(BaseSettings):
    """What every service is told. Built in its command line only, and refused whole when anything is wrong."""

    model_config = SettingsConfigDict(
        env_prefix="AKSU_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Environment = Field(
        default="production", description="local and test allow development settings; production refuses them"
    )

    database_url: SecretStr = Field(description="PostgreSQL, runtime role: row-level security applies")
    worker_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, worker role: sees every row of its service; needed by `worker`"
    )
    owner_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL, owner role: may change the schema; needed by `migrate`"
    )
    database_pool_size: int = Field(default=10, ge=1, le=100, description="connections of one process, at most")
    bus_url: SecretStr = Field(description="postgresql://…/bus for the embedded bus, or kafka://host:port[,host:port]")
    bus_member: str | None = Field(
        default=None,
        max_length=200,
        description="this worker's lasting name among those of its service, such as its pod's: on Kafka it keeps its"
        " partitions over a quick restart",
    )

    oidc_issuer: str = Field(description="issuer of the access tokens, as it stands in their `iss`")
    oidc_audience: str = Field(description="the service's name in a token's `aud`")
    oidc_jwks_url: str | None = Field(default=None, description="address of the issuer's keys; by default discovered")
    oidc_jwks_file: Path | None = Field(
        default=None, description="keys read from a file instead of the issuer; local and test only"
    )
    oidc_token_types: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset({"at+jwt"}), description="accepted `typ` of a token, comma-separated, lower case"
    )
    oidc_low_s: bool | None = Field(
        default=None,
        description="whether the issuer writes its ES256 signatures with the lower S, as few do: then one written the"
        " other way is refused; by default so with keys from a file, which are the development issuer's",
    )
    oidc_leeway_seconds: int = Field(default=30, ge=0, le=60, description="tolerated difference of clocks")
    oidc_max_token_seconds: int | None = Field(
        default=None,
        ge=60,
        description="longest life of a token; at most 600 in production, which is its default there",
    )
    oidc_roles_claim: str = Field(default="roles", description="claim that lists the roles; dots lead inwards")
    oidc_body_claim: str = Field(default="body", description="claim with the code of the caller's body")

    pseudonym_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_KEY),
        description="key of the pseudonyms under which people act, the same for all services, 32 characters or more;"
        " with another key everybody is somebody else",
    )
    access_patience_seconds: Annotated[float, Field(gt=0, le=60)] | Literal["off"] = Field(
        default=60,
        description="how old the knowledge of revoked access may be before writes are refused with 503;"
        " `off` in local and test only",
    )

    feeds: Annotated[dict[str, str], NoDecode] = Field(
        default_factory=dict,
        description="the services whose changes this one copies, registry=https://…,licensing=…: for rebuilding copies,"
        " and for revocations of access while the bus is silent",
    )
    feed_token_file: Path | None = Field(
        default=None, description="file with an access token for those services, read anew each time"
    )
    feed_token_url: str | None = Field(
        default=None, description="or the issuer's token endpoint, asked for one with client credentials"
    )
    feed_client_id: str | None = Field(default=None, description="client at that endpoint")
    feed_client_secret: SecretStr | None = Field(default=None, description="its secret")

    log_key: SecretStr | None = Field(
        default=None,
        description="keys that sign the changes of this service, id:base64 of 32 random bytes, comma-separated: the"
        " first signs, all verify. Needed in production, this or the file; elsewhere a known key serves",
    )
    log_key_file: Path | None = Field(default=None, description="file with the same, one a line")
    reconcile_seconds: float = Field(
        default=86_400,
        ge=1,
        description="how often a worker compares its copies with their owners; needs AKSU_FEEDS and a token",
    )
    head_file: Path | None = Field(
        default=None, description="file to which the head of the change log is added daily; keep it elsewhere"
    )
    head_topic: bool = Field(default=False, description="publish that head on the bus too (aksu.platform.log_head.v1)")

    clock_file: Path | None = Field(
        default=None, description="file with the offset of legal time in seconds; local and test only"
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="least level logged")
    log_json: bool = Field(default=True, description="one JSON object per line; false gives a console for people")

    request_deadline_seconds: float = Field(default=10, gt=0, le=60, description="a request is given up after it")
    max_concurrent_requests: int | None = Field(
        default=None, ge=1, description="requests at work at once; more are refused with 503. Default: twice the pool"
    )
    max_waiting_requests: int | None = Field(
        default=None,
        ge=4,
        description="requests that may wait at once for something to happen (long polls, `Aksu-After`), a quarter of"
        " them kept for programs; more are refused with 503. Default: 20 for each that may be at work",
    )
    max_waiting_per_caller: int | None = Field(
        default=None,
        ge=1,
        description="how many of them one subject, or one address without a token, may hold; more are refused with 429."
        " Default: a tenth",
    )
    requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="requests one subject of a token may make per minute and process; more are refused with 429."
        " Default: 6,000 in production, 600,000 elsewhere",
    )
    anonymous_requests_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="the same for one address (IPv6: one /64 network) without a token that held before."
        " Default: 1,200 in production, 600,000 elsewhere",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="origins whose browser pages may call the API, comma-separated; none by default"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="addresses or networks whose X-Forwarded-* headers count, comma-separated"
    )
    health_host: str = Field(
        default="127.0.0.1",
        description="address on which a worker answers /healthz, /readyz and /metrics; 0.0.0.0 in a container whose"
        " probes come from outside",
    )
    drain_seconds: float = Field(
        default=0, ge=0, le=60, description="after SIGTERM: how long to report not ready before no longer accepting"
    )

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: object) -> object:
        if isinstance(values, dict):
            for name in ("oidc_token_types", "cors_origins", "trusted_proxies"):
                if isinstance(text := values.get(name), str):
                    values[name] = [part.strip() for part in text.split(",") if part.strip()]
            if isinstance(text := values.get("feeds"), str):
                pairs = [part.partition("=") for part in text.split(",") if part.strip()]
                values["feeds"] = {name.strip(): url.strip().rstrip("/") for name, _, url in pairs}
        return values

    @model_validator(mode="after")
    def _check_urls(self) -> Self:
        for name in ("database_url", "worker_database_url", "owner_database_url"):
            url: SecretStr | None = getattr(self, name)
            if url is not None and urlsplit(url.get_secret_value()).scheme != "postgresql":
                raise ValueError(f"AKSU_{name.upper()} must begin with postgresql://")
        if urlsplit(self.bus_url.get_secret_value()).scheme not in {"postgresql", "kafka"}:
            raise ValueError("AKSU_BUS_URL must begin with postgresql:// or kafka://")
        return self

    @model_validator(mode="after")
    def _refuse_development_in_production(self) -> Self:
        keys = self.log_keys
        if self.environment != "production":
            return self
        refusals = {
            "AKSU_OIDC_JWKS_FILE": self.oidc_jwks_file is not None,
            "AKSU_PSEUDONYM_KEY (the development key, or too short)": not self._has_own_pseudonym_key,
            "AKSU_LOG_KEY (none, or the development key)": keys.is_development,
            "AKSU_ACCESS_PATIENCE_SECONDS (off)": self.access_patience_seconds == "off",
            "AKSU_CLOCK_FILE": self.clock_file is not None,
            "AKSU_OIDC_ISSUER (https only)": not self.oidc_issuer.startswith("https://"),
            "AKSU_OIDC_JWKS_URL (https only)": not (self.oidc_jwks_url or "https://").startswith("https://"),
            "AKSU_OIDC_MAX_TOKEN_SECONDS (600 at most)": (self.oidc_max_token_seconds or 0) > _TEN_MINUTES,
            "AKSU_FEED_TOKEN_URL (https only)": not (self.feed_token_url or "https://").startswith("https://"),
            "AKSU_CORS_ORIGINS (no *)": "*" in self.cors_origins,
            "AKSU_TRUSTED_PROXIES (no *)": "*" in self.trusted_proxies,
        }
        if refused := [name for name, bad in refusals.items() if bad]:
            raise ValueError(f"not in production: {', '.join(refused)}")
        return self

    @property
    def _has_own_pseudonym_key(self) -> bool:
        key = self.pseudonym_key.get_secret_value()
        return key != DEVELOPMENT_KEY and len(key) >= MIN_KEY_CHARACTERS

    @property
    def log_keys(self) -> LogKeys:
        """The keys of the change log configured, or the development key. Raises ValueError for what is no key."""
        if self.log_key is not None:
            return LogKeys.parse(self.log_key.get_secret_value())
        if self.log_key_file is not None:
            return LogKeys.parse(self.log_key_file.read_text(encoding="ascii"))
        return DEVELOPMENT_LOG_KEYS

    @property
    def key_ring(self) -> KeyRing:
        """What opens restricted personal data: nothing, in a service that holds none."""
        return NO_KEYS

    @property
    def retention(self) -> Retention | None:
        """How long restricted personal data are kept; None in a service that holds none."""
        return None

    @property
    def max_token_lifetime(self) -> int | None:
        """Seconds that a token may live: as configured, else 600 in production and unbounded elsewhere."""
        return self.oidc_max_token_seconds or (_TEN_MINUTES if self.environment == "production" else None)

    @property
    def requires_low_s(self) -> bool:
        """Whether an ES256 signature must be written with the lower S."""
        return self.oidc_jwks_file is not None if self.oidc_low_s is None else self.oidc_low_s

    @property
    def subject_rate(self) -> int:
        """Requests a minute of one subject: far above any person's, below what a runaway program does."""
        return self.requests_per_minute or (6_000 if self.environment == "production" else 600_000)

    @property
    def address_rate(self) -> int:
        """Requests a minute of one address: an office behind one address fits in."""
        return self.anonymous_requests_per_minute or (1_200 if self.environment == "production" else 600_000)

    @property
    def concurrency_limit(self) -> int:
        """Requests at work at once: enough to keep the pool busy, not enough to queue for long."""
        return self.max_concurrent_requests or 2 * self.database_pool_size

    @property
    def waiting_limit(self) -> int:
        """Requests waiting at once: each costs a connection and hardly anything else."""
        return self.max_waiting_requests or 20 * self.concurrency_limit

    @property
    def waiting_limit_each(self) -> int:
        """Of them those of one caller: an office of one address, all of whose pages wait."""
        return self.max_waiting_per_caller or max(1, self.waiting_limit // 10)

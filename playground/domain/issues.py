"""What does not fit, and which values remain: the vocabulary that checks answer in."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as with_default

from playground.domain.capabilities import Severity


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that does not fit: the field a person would change, and what is allowed under the other choices."""

    field: str
    code: str
    message: str
    severity: Severity = "error"
    allowed: tuple[str | int | bool, ...] | None = None
    rule: str | None = None
    evidence: str | None = None
    involves: frozenset[str] = with_default(default=frozenset[str](), compare=False)
    """Every field that has a part in it; not shown."""

    def as_json(self) -> dict[str, object]:
        """The shape that `check --json` and `/api/check` answer with."""
        return {
            "field": self.field,
            "code": self.code,
            "message": self.message,
            "allowed": list(self.allowed) if self.allowed is not None else None,
            "rule": self.rule,
            # A purely structural error rests on a rule of ours.
            "evidence": self.evidence if self.evidence is not None else f"playground: {self.code}",
            "severity": self.severity,
        }


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of one field: free, or blocked by an issue."""

    value: str | int | bool
    blocked_by: Issue | None = None

    def as_json(self) -> dict[str, object]:
        """The value, and the sentence that excludes it (null: free)."""
        return {"value": self.value, "blocked_by": self.blocked_by.message if self.blocked_by is not None else None}


def errors(issues: Iterable[Issue]) -> list[Issue]:
    """Only the issues that block."""
    return [issue for issue in issues if issue.severity == "error"]

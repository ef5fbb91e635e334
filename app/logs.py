"""Log lines: JSON for machines, a line for people; with the request's id, without its text."""

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

__all__ = ["REQUEST_ID", "JsonFormatter", "LineFormatter", "log_config"]

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_MAX_MESSAGE = 300
_FIELDS = ("method", "route", "status", "milliseconds", "caller")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (request_id := REQUEST_ID.get()) is not None:
            line["request_id"] = request_id
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _told(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


class LineFormatter(logging.Formatter):
    """A line for a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        parts = [f"{at} {record.levelname.lower()}: {record.getMessage()}"]
        parts += [f"{name}={getattr(record, name)}" for name in _FIELDS if hasattr(record, name)]
        if (request_id := REQUEST_ID.get()) is not None:
            parts.append(f"request={request_id}")
        line = " ".join(parts)
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line}\n{_told(record.exc_info[1])}"
        return line


def log_config(*, log_format: str, level: str, access: bool) -> dict[str, Any]:
    """Return the configuration of all logs, for `logging.config.dictConfig`.

    Args:
        log_format: `json`, `text`, or `auto`: text on a terminal and JSON elsewhere.
        level: The least that is told.
        access: Whether each request gets a line.
    """
    is_text = log_format == "text" or (log_format == "auto" and sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter if is_text else JsonFormatter}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {"app.access": {"level": "INFO" if access else "WARNING"}},
    }


def _told(error: BaseException) -> str:
    """Return where an error arose, and its message as far as it cannot be an article."""
    message = str(error).encode("ascii", "replace").decode()[:_MAX_MESSAGE]
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    return f"{frames}{type(error).__name__}: {message}"

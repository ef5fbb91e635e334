"""What all of a store's upkeep shares: signing texts again, refusing half a store."""

from dedup.errors import StoreVersionError
from dedup.models import TextFormat
from dedup.preparation import Preparer, text_to_keep
from dedup.store.maintenance import UNFINISHED_IMPORT, MaintainedStore, Sign, Signed

__all__ = ["require_finished", "require_scheme", "signer"]


def signer(preparer: Preparer) -> Sign:
    """Return what normalizes and signs known texts under a preparer's scheme.

    Unlike an article that is checked, a known one is signed even if nothing is left of it
    under the rules of today.
    """

    def sign(text: str, text_format: TextFormat, title: str | None) -> Signed:
        normalized = preparer.normalize(text, text_format, title)
        return Signed(text_to_keep(normalized), *preparer.sign(normalized))

    return sign


def require_scheme(store: MaintainedStore, preparer: Preparer) -> None:
    """Refuse to compare a store's signatures with those of another scheme.

    Raises:
        StoreVersionError: The store's are not the preparer's.
    """
    require_finished(store)
    if store.scheme != preparer.scheme:
        msg = (
            f"the store's signatures were made by scheme {store.scheme}, this release makes "
            f"{preparer.scheme}: run `dedup store upgrade` first"
        )
        raise StoreVersionError(msg)


def require_finished(store: MaintainedStore) -> None:
    """Refuse a store that is only half imported.

    Raises:
        StoreVersionError: It is.
    """
    if store.scheme.startswith(UNFINISHED_IMPORT):
        msg = "the store holds an import that is not finished: run `dedup store import` again"
        raise StoreVersionError(msg)

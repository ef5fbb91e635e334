"""The least that FastAPI can do with an article: the limit for `/check`."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Body(BaseModel):
    """The fields of a check."""

    text: str
    id: str | None = None
    remember: bool = True


@app.post("/check")
async def check(_body: Body) -> dict[str, str]:
    """Answer nothing."""
    return {}

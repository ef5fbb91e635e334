"""The console in a browser."""


class TestCheck:
    def test_garbled_mirror(self, visit, seeds, picture):
        """Seed 000, pasted with 004 known, is a garbled mirror with linked passages."""
        page = visit().open()
        page.get_by_label("Article", exact=True).fill(seeds["000"])
        page.get_by_role("button", name="Check", exact=True).click()

        page.get_by_text("A damaged copy of").wait_for()
        page.locator(".panes .passage").first.wait_for()
        page.evaluate("scrollTo(0, 0)")
        picture(page, "console-check", full_page=True)

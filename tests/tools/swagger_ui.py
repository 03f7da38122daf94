"""Presses "Try it out" on the readiness operation of Swagger UI, as a user would, in Chromium.

    swagger_ui.py BASE_URL [SCREENSHOT]

Opens BASE_URL/docs with no way to any other address, executes `GET /api/v1/ready` there, and
expects the page to show status 200 and the answer of a service whose database is connected. Exits
with 1 and says what differed otherwise. SCREENSHOT, a PNG file, shows the page at the end, also
when the run failed.
"""

import json
import os
import shutil
import sys
import tempfile

from playwright.sync_api import Error, Page, Request, Route, sync_playwright

PATH = "/api/v1/ready"
EXPECTED = {"ready": True, "dependencies": {"db": "connected", "redis": "unknown"}}
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_path() -> str:
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    for name in names:
        if name and (path := shutil.which(name)):
            return path
    sys.exit("no Chromium here; run ./scripts/tools browser")


def try_ready(page: Page, base: str) -> None:
    answer = page.goto(f"{base}/docs")
    assert answer is not None and answer.status == 200, f"/docs answered {answer and answer.status}"
    assert not answer.request.redirected_from, "/docs was redirected"

    # A document whose server is /api/v1 names the path without it; the URL requested must be full.
    operation = page.locator(f'.opblock-get:has([data-path="{PATH}"]), .opblock-get:has([data-path="/ready"])')
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda response: response.url.split("?")[0] == base + PATH):
        operation.get_by_role("button", name="Execute", exact=True).click()

    live = operation.locator(".live-responses-table .response")
    status = live.locator(".response-col_status").inner_text().split()[0]
    shown = live.locator(".response-col_description pre").first.inner_text()
    assert status == "200", f"the page shows status {status} and {shown}"
    assert json.loads(shown) == EXPECTED, f"the page shows {shown}"


def main() -> int:
    base = sys.argv[1].rstrip("/")
    screenshot = sys.argv[2] if len(sys.argv) > 2 else None
    strangers: list[str] = []
    failures: list[str] = []

    def stay_here(route: Route, request: Request) -> None:
        if request.url.startswith((f"{base}/", "data:", "blob:")):
            route.continue_()
        else:
            strangers.append(request.url)
            route.abort()

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=browser_path(), args=FLAGS, viewport={"width": 1280, "height": 1400}
        )
        context.set_default_timeout(20_000)
        context.route("**/*", stay_here)
        page = context.new_page()
        page.on("pageerror", lambda error: failures.append(f"an error in the page: {error}"))
        try:
            try_ready(page, base)
        except (AssertionError, Error, json.JSONDecodeError) as error:
            failures.append(str(error))
        if screenshot:
            page.screenshot(path=screenshot, full_page=True)
        context.close()

    failures += [f"the page asked for {url}, which needs the internet" for url in strangers]
    for failure in failures:
        print(failure)
    if not failures:
        print(f"{base}/docs: GET {PATH} showed 200 and the expected answer")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

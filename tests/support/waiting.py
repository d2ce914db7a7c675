"""Wait for what others do in their own time: a page, a server."""

import time


def until(condition, seconds, what):
    """Ask ``condition`` until its answer is true, and return that.

    It is given the seconds that are left. An exception means "not yet": what is asked about may be
    half built. Once ``seconds`` are over, the error names the last exception, or the last answer.
    """
    end = time.monotonic() + seconds
    while True:
        cause = None
        try:
            answer = condition(end - time.monotonic())
            if answer:
                return answer
            last = f"it was {answer!r}"
        except Exception as exception:  # whatever it is, it may pass
            cause, last = exception, f"{type(exception).__name__}: {exception}"
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}\n(at the end {last})") from cause
        time.sleep(0.05)

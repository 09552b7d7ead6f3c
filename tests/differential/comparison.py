"""Compares answers part by part: `status`, a header, or a place in the body."""

from differential.side import Answer

ABSENT = "(absent)"


def differing_parts(reference: Answer, ours: Answer) -> dict[str, tuple[object, object]]:
    """What differs, by the name of the part: the reference's value and ours."""
    parts: dict[str, tuple[object, object]] = {}
    if reference.status != ours.status:
        parts["status"] = (reference.status, ours.status)
    for name in {**reference.headers, **ours.headers}:
        theirs, own = reference.headers.get(name), ours.headers.get(name)
        if theirs != own:
            parts[name] = (theirs, own)
    if (reference.status < 400) != (ours.status < 400):
        # An answer and an error have nothing in common.
        parts["body"] = (reference.body, ours.body)
    else:
        collect("body", reference.body, ours.body, parts)
    if "body.error_code" in parts:
        parts = {part: values for part, values in parts.items() if part not in FOLLOWING_CODE}
    return parts


# Fields of an error that follow from its code.
FOLLOWING_CODE = ("body.sqlstate", "body.error_class")


def collect(place: str, reference: object, ours: object, parts: dict) -> None:
    """Adds what differs at and below a place of two JSON values."""
    if isinstance(reference, dict) and isinstance(ours, dict):
        for key in {**reference, **ours}:
            collect(f"{place}.{key}", reference.get(key, ABSENT), ours.get(key, ABSENT), parts)
    elif isinstance(reference, list) and isinstance(ours, list) and len(reference) == len(ours):
        for index, pair in enumerate(zip(reference, ours, strict=True)):
            collect(f"{place}[{index}]", *pair, parts)
    elif type(reference) is not type(ours) or not is_same(reference, ours):
        parts[place] = (reference, ours)


def is_same(reference: object, ours: object) -> bool:
    """Python's JSON reads NaN, which does not equal itself."""
    return reference == ours or (reference != reference and ours != ours)

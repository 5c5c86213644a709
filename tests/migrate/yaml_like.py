"""The YAML that clients write into their settings: scalars, and lists of scalars."""


def read(text):
    found, key = {}, None
    for line in text.splitlines():
        line = line.split(" #")[0].rstrip()
        if not line or line.startswith("#"):
            continue
        if line.lstrip().startswith("- "):
            if not isinstance(found.get(key), list):
                found[key] = []
            found[key].append(line.lstrip()[2:].strip("'\""))
            continue
        key, _, value = line.partition(":")
        value = value.strip()
        if value.startswith("[") and value.endswith("]"):
            found[key] = [part.strip().strip("'\"") for part in value[1:-1].split(",") if part.strip()]
        else:
            found[key] = value.strip("'\"") or None
    return found

"""Compares two listings up to the names of unnamed values (a number that is read as a name gets a `_`)."""
import re
import sys

first, second = (re.sub(r"%_*\d+", "%N", open(name).read()) for name in sys.argv[1:])
sys.exit(first != second)

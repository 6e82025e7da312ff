"""An abstract interpreter over libcst nodes. It tells rules what happens to values; it knows no rule."""

"""How findings are shown. A format is a function from what was checked to text."""

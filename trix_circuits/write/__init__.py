"""Writers: one module a format, each a function from a circuit to text or bytes, and `export`, which reads every file
back and proves it equal before it is called written."""

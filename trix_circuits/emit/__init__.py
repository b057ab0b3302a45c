"""Forms for people and other tools: pictures, testbenches."""

"""The vocabulary of the reading stage: rules as data, one loader, one lexer."""

"""claif-git: conversations with language models, kept in plain git."""

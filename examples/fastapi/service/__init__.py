"""Morning: a newspaper's service for its subscribers."""

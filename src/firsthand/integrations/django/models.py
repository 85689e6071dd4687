"""No models: the one table of this app is a migration. Django tells an app with this module that it was migrated."""

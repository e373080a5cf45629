"""Our Pulumi provider: one small class a resource, and one module that knows the SDK's experimental server."""

package transport

// NewProxiedClient is NewClient with a proxy that no environment names.
var NewProxiedClient = newClient

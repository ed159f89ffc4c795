package convox

// What the fuzz tests feed, and what a test stands between.
var (
	ParseAuth   = parseAuth
	ParseSystem = parseSystem
	ParseRacks  = (&session{console: true}).racks
	Rewrite     = rewrite
	SetPassword = setPassword
)

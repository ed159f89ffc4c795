package convox

// What the fuzz tests feed.
var (
	ParseAuth   = parseAuth
	ParseSystem = parseSystem
	ParseRacks  = (&session{console: true}).racks
)

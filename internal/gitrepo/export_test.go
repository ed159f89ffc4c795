package gitrepo

// OpenWithin is Open with another deadline.
var OpenWithin = openWithin

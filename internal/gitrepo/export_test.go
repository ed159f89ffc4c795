package gitrepo

// OpenWithin is Open with another deadline.
var OpenWithin = openWithin

// HistoryWithin is Clone.History with another deadline.
var HistoryWithin = Clone.historyWithin

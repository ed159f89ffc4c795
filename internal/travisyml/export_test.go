package travisyml

// Jobs are how many jobs the keys that multiply make, and how many are listed.
func (d *Document) Jobs() (expanded, included int) {
	m := d.matrix()
	return m.expanded, m.included
}

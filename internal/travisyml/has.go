package travisyml

import "fmt"

// Has reports whether the document has a key at its top.
func (d *Document) Has(key string) bool { return lookup(d.root, key) != nil }

// At says where the step is, such as "after_success, line 12".
func (d Deploy) At() string { return fmt.Sprintf("%s, line %d", d.Place, d.Line) }

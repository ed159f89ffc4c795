package convox

import "regexp"

// dashboard is what a Rack's host has been called by its stack: NAME-TIMESTAMP,
// in two shapes, with -i after the name where the API is private
// (https://github.com/convox/rack/blob/master/provider/aws/formation/rack.json).
var dashboard = regexp.MustCompile(`^(?:rack\.|internal-)?([a-z][-a-z0-9]*?)(?:-i)?-[0-9]{9,10}\.[a-z]+(?:-[a-z]+)+-[0-9]\.(?:convox\.site|elb\.amazonaws\.com)(?:\.cn)?$`)

// RackName is the Rack's name as its host tells it; "" where that is of another
// shape.
func (h Host) RackName() string {
	if parts := dashboard.FindStringSubmatch(h.String()); parts != nil {
		return parts[1]
	}
	return ""
}

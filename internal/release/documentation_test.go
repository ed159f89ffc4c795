package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDraftsAreNotGivenOut(t *testing.T) {
	in := inRepository(t)
	for _, name := range []string{"README.md", "docs/page.md", "docs/more/page.md", "main.go"} {
		write(t, name, name)
	}
	in("add", ".")
	write(t, "docs/draft.md", "not yet")
	write(t, "docs/drafts/one.md", "not yet")
	pages, err := documentation()
	var names []string
	for _, page := range pages {
		names = append(names, page.name)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); err != nil || got != "README.md docs/more/page.md docs/page.md" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestThePagesOfAnArchiveLinkToWhatItHolds(t *testing.T) {
	t.Chdir("../..")
	pages, err := documentation()
	if err != nil || len(pages) < 10 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	link := regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)|(?:src|srcset)="([^"]+)"`)
	for _, page := range pages {
		for _, found := range link.FindAllStringSubmatch(string(page.text), -1) {
			target := path.Join(path.Dir(page.name), found[1]+found[2])
			held := slices.ContainsFunc(pages, func(e entry) bool { return e.name == target })
			if !held && path.Ext(page.name) == ".md" && !strings.Contains(found[1], "://") {
				t.Errorf("%s links to %s", page.name, target)
			}
		}
	}
}

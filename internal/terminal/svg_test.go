//go:build unix

package terminal_test

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"convox-travis/internal/terminal"
)

// picture is what the script's last screen looks like, without the window.
func picture(t *testing.T, o terminal.Options, dark bool, script string) string {
	t.Helper()
	on := run(t, o, script)
	finish(t, on)
	drawn := on.SVG("title", dark)
	if again := on.SVG("title", dark); again != drawn {
		t.Error("the same screen was drawn in two ways")
	}
	_, inner, _ := strings.Cut(drawn, "<g transform=\"translate(16 36)\"")
	_, inner, _ = strings.Cut(inner, "\n")
	return strings.TrimSuffix(inner, "</g>\n</svg>\n")
}

func TestAPictureIsTheScreenInAWindow(t *testing.T) {
	on := run(t, terminal.Options{Width: 20, Height: 3}, `printf 'plain \033[1;31mbold red\033[m\n\033[44m \033[7mrev\033[m \033[2mfaint\033[m\n'`)
	finish(t, on)
	for dark, want := range map[bool]string{true: darkWindow, false: lightWindow} {
		if got := on.SVG(`<acme> & "api"`, dark); got != want {
			t.Errorf("dark %t:\n%s", dark, got)
		}
	}
}

const darkWindow = `<svg xmlns="http://www.w3.org/2000/svg" width="212" height="112" viewBox="0 0 212 112" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15">
<title>&lt;acme&gt; &amp; &#34;api&#34;</title>
<rect x=".5" y=".5" width="211" height="111" rx="8" fill="#12161c" stroke="#323a45"/>
<circle cx="21" cy="18" r="5" fill="#323a45"/>
<circle cx="39" cy="18" r="5" fill="#323a45"/>
<circle cx="57" cy="18" r="5" fill="#323a45"/>
<text x="106" y="23" font-size="13" text-anchor="middle" fill="#8b96a5">&lt;acme&gt; &amp; &#34;api&#34;</text>
<g transform="translate(16 36)" fill="#d8dee6">
<rect x="0" y="20" width="9" height="20" fill="#6aa5f2"/>
<rect x="9" y="20" width="27" height="20" fill="#d8dee6"/>
<rect x="0" y="40" width="9" height="20" fill="#757a81"/>
<text x="0" y="15" textLength="45">plain</text>
<text x="54" y="15" textLength="72" fill="#f0716b" font-weight="bold">bold&#160;red</text>
<text x="9" y="35" textLength="27" fill="#6aa5f2">rev</text>
<text x="45" y="35" textLength="45" fill="#757a81">faint</text>
</g>
</svg>
`

const lightWindow = `<svg xmlns="http://www.w3.org/2000/svg" width="212" height="112" viewBox="0 0 212 112" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15">
<title>&lt;acme&gt; &amp; &#34;api&#34;</title>
<rect x=".5" y=".5" width="211" height="111" rx="8" fill="#ffffff" stroke="#cdd4dc"/>
<circle cx="21" cy="18" r="5" fill="#cdd4dc"/>
<circle cx="39" cy="18" r="5" fill="#cdd4dc"/>
<circle cx="57" cy="18" r="5" fill="#cdd4dc"/>
<text x="106" y="23" font-size="13" text-anchor="middle" fill="#5f6b79">&lt;acme&gt; &amp; &#34;api&#34;</text>
<g transform="translate(16 36)" fill="#1f2730">
<rect x="0" y="20" width="9" height="20" fill="#1558b8"/>
<rect x="9" y="20" width="27" height="20" fill="#1f2730"/>
<rect x="0" y="40" width="9" height="20" fill="#8f9397"/>
<text x="0" y="15" textLength="45">plain</text>
<text x="54" y="15" textLength="72" fill="#b3261e" font-weight="bold">bold&#160;red</text>
<text x="9" y="35" textLength="27" fill="#1558b8">rev</text>
<text x="45" y="35" textLength="45" fill="#8f9397">faint</text>
</g>
</svg>
`

func TestEveryLookIsDrawn(t *testing.T) {
	for script, want := range map[string]string{
		`\033[38;5;9ma`:          `<text x="0" y="15" textLength="9" fill="#ff958f">a</text>`,
		`\033[38;5;208ma`:        `<text x="0" y="15" textLength="9" fill="#ff8700">a</text>`,
		`\033[38;2;120;80;200ma`: `<text x="0" y="15" textLength="9" fill="#7850c8">a</text>`,
		`\033[3ma`:               `<text x="0" y="15" textLength="9" font-style="italic">a</text>`,
		`\033[4ma b `:            `<text x="0" y="15" textLength="36" text-decoration="underline">a&#160;b&#160;</text>`,
		`\033[4;9ma`:             `<text x="0" y="15" textLength="9" text-decoration="underline line-through">a</text>`,
		`\033[8msecret`:          ``,
		`  a  b  `:               `<text x="18" y="15" textLength="36">a&#160;&#160;b</text>`,
		`a日本b`: `<text x="0" y="15" textLength="9">a</text>
<text x="9" y="15" textLength="18">日</text>
<text x="27" y="15" textLength="18">本</text>
<text x="45" y="15" textLength="9">b</text>`,
		`\033[31m██\033[m▌`: `<rect x="0" y="0" width="18" height="20" fill="#f0716b"/>
<rect x="18" y="0" width="4" height="20" fill="#d8dee6"/>`,
		`\033[31;42m▌▌`: `<rect x="0" y="0" width="18" height="20" fill="#5fbf77"/>
<rect x="0" y="0" width="4" height="20" fill="#f0716b"/>
<rect x="9" y="0" width="4" height="20" fill="#f0716b"/>`,
		`╭──╮\n╰┬─╯\n ┃`: `<path transform="translate(.5 .5)" fill="none" stroke="#d8dee6" stroke-width="1" d="` +
			`M4 20V14Q4 10 8 10H27M31 20V14Q31 10 27 10H27M4 20V26Q4 30 8 30H9M13 30V40M9 30H27M31 20V26Q31 30 27 30H27"/>
<path fill="none" stroke="#d8dee6" stroke-width="2" d="M13 40V60"/>`,
	} {
		got := picture(t, terminal.Options{Width: 10, Height: 4}, true, "printf '\\033[?25l"+script+"'")
		if strings.TrimSuffix(got, "\n") != want {
			t.Errorf("%s:\n%s", script, got)
		}
	}
}

// A browser folds each run of white space in a text to one blank, leaves out what
// is at its ends, and stretches the rest to textLength.
func TestABrowserFindsNoBlankToFold(t *testing.T) {
	const script = `printf 'language:  go\n  - a\n\033[4m  b  \033[m|\033[44m  c  \033[m|\t d\n'`
	var shown []string
	decoder := xml.NewDecoder(strings.NewReader(picture(t, terminal.Options{Width: 20, Height: 4}, true, script)))
	for {
		var text struct {
			Length  int    `xml:"textLength,attr"`
			Content string `xml:",chardata"`
		}
		err := decoder.Decode(&text)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text.Length == 0 { // a rectangle
			continue
		}
		folded := strings.Join(strings.FieldsFunc(text.Content, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }), " ")
		if folded != text.Content || utf8.RuneCountInString(folded)*9 != text.Length {
			t.Errorf("%q is drawn as %q over %d pixels", text.Content, folded, text.Length)
		}
		shown = append(shown, strings.ReplaceAll(folded, "\u00a0", " "))
	}
	if want := []string{"language:  go", "- a", "  b  ", "|", "c", "|     d"}; !slices.Equal(shown, want) {
		t.Errorf("%q", shown)
	}
}

func TestAPictureIsWellFormed(t *testing.T) {
	on := run(t, terminal.Options{}, `i=32; while [ $i -lt 127 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done; printf '\033[1;3;4;5;7;9;31;42m\377\001 <>&"]]>'`)
	finish(t, on)
	for decoder := xml.NewDecoder(strings.NewReader(on.SVG("a\x00b\xff]]>", false))); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

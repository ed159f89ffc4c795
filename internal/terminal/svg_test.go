//go:build unix

package terminal_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"convox-travis/internal/terminal"
)

// frame is the last screen of a script.
func frame(t *testing.T, o terminal.Options, script string) terminal.Frame {
	t.Helper()
	on := run(t, o, script)
	finish(t, on)
	return on.Frame()
}

// picture is what the script's last screen looks like on a dark terminal, without the
// window; each class is its color.
func picture(t *testing.T, o terminal.Options, script string) string {
	t.Helper()
	screen := frame(t, o, script)
	drawn := terminal.SVG("title", terminal.Scene{Dark: screen, Light: screen})
	if again := terminal.SVG("title", terminal.Scene{Dark: screen, Light: screen}); again != drawn {
		t.Error("the same screen was drawn in two ways")
	}
	for _, class := range regexp.MustCompile(`\.(c\d+)\{color:(#[0-9a-f]+)\}`).FindAllStringSubmatch(drawn, -1) {
		drawn = strings.ReplaceAll(drawn, `"`+class[1]+`"`, `"`+class[2]+`"`)
	}
	_, inner, _ := strings.Cut(drawn, "<g transform=\"translate(16 36)\"")
	_, inner, _ = strings.Cut(inner, "\n")
	return strings.TrimSuffix(inner, "</g>\n</svg>\n")
}

const twoLooks = `printf 'plain \033[1;31mbold red\033[m\n\033[44m \033[7mrev\033[m \033[2mfaint\033[m\n'`

func TestAPictureIsTheScreenInAWindow(t *testing.T) {
	dark := frame(t, terminal.Options{Width: 20, Height: 3}, twoLooks)
	light := frame(t, terminal.Options{Width: 20, Height: 3, Light: true}, twoLooks)
	if got := terminal.SVG(`<acme> & "api"`, terminal.Scene{Dark: dark, Light: light, Caption: "A & B"}); got != window {
		t.Error(got)
	}
}

const window = `<svg xmlns="http://www.w3.org/2000/svg" width="212" height="112" viewBox="0 0 212 112" fill="currentColor" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15">
<title>&lt;acme&gt; &amp; &#34;api&#34;</title>
<style>
.c0{color:#12161c}.c1{color:#323a45}.c2{color:#8b96a5}.c3{color:#d8dee6}.c4{color:#f0716b}.c5{color:#6aa5f2}.c6{color:#757a81}
@media(prefers-color-scheme:light){.c0{color:#ffffff}.c1{color:#cdd4dc}.c2{color:#5f6b79}.c3{color:#1f2730}.c4{color:#b3261e}.c5{color:#1558b8}.c6{color:#8f9397}}
</style>
<rect x=".5" y=".5" width="211" height="111" rx="8" class="c0"/>
<rect x=".5" y=".5" width="211" height="111" rx="8" fill="none" stroke="currentColor" class="c1"/>
<circle cx="21" cy="18" r="5" class="c1"/>
<circle cx="39" cy="18" r="5" class="c1"/>
<circle cx="57" cy="18" r="5" class="c1"/>
<text x="106" y="23" font-size="13" text-anchor="middle" class="c2">&lt;acme&gt; &amp; &#34;api&#34;</text>
<g transform="translate(16 36)" class="c3">
<text x="180" y="-13" font-size="13" text-anchor="end" class="c2">A &amp; B</text>
<rect x="0" y="20" width="9" height="20" class="c5"/>
<rect x="9" y="20" width="27" height="20" class="c3"/>
<rect x="0" y="40" width="9" height="20" class="c6"/>
<text x="0" y="15" textLength="45">plain</text>
<text x="54" y="15" textLength="72" class="c4" font-weight="bold">bold&#160;red</text>
<text x="9" y="35" textLength="27" class="c5">rev</text>
<text x="45" y="35" textLength="45" class="c6">faint</text>
</g>
</svg>
`

// Where nobody runs the film, or wants no motion, its last scene is a picture.
func TestAFilmShowsOneSceneAtATime(t *testing.T) {
	var scenes []terminal.Scene
	for _, text := range []string{"one", "two", "three"} {
		screen := frame(t, terminal.Options{Width: 20, Height: 3}, "printf "+text)
		scenes = append(scenes, terminal.Scene{Dark: screen, Light: screen})
	}
	drawn := terminal.SVG("film", scenes...)
	shown := regexp.MustCompile(`<g class="scene (s\d)">(?s:.*?)<text[^>]*>([a-z]+)</text>`).FindAllStringSubmatch(drawn, -1)
	var order []string
	for _, scene := range shown {
		order = append(order, scene[1]+" "+scene[2])
	}
	if want := []string{"s0 one", "s1 two", "s2 three"}; !slices.Equal(order, want) {
		t.Errorf("the scenes are %q", order)
	}
	for _, rule := range []string{
		".scene{visibility:hidden}.scene:last-child{visibility:visible}\n@media(prefers-reduced-motion:no-preference){\n.scene{animation:12s step-end infinite}",
		"@keyframes s0{0%{visibility:hidden}0.00%{visibility:visible}25.00%{visibility:hidden}}",
		"@keyframes s1{0%{visibility:hidden}25.00%{visibility:visible}50.00%{visibility:hidden}}",
		"@keyframes s2{0%{visibility:hidden}50.00%{visibility:visible}}",
	} {
		if !strings.Contains(drawn, rule) {
			t.Errorf("%s is not in\n%s", rule, drawn)
		}
	}
}

func TestEveryLookIsDrawn(t *testing.T) {
	for script, want := range map[string]string{
		`\033[38;5;9ma`:          `<text x="0" y="15" textLength="9" class="#ff958f">a</text>`,
		`\033[38;5;208ma`:        `<text x="0" y="15" textLength="9" class="#ff8700">a</text>`,
		`\033[38;2;120;80;200ma`: `<text x="0" y="15" textLength="9" class="#7850c8">a</text>`,
		`\033[4ma b `:            `<text x="0" y="15" textLength="36" text-decoration="underline">a&#160;b&#160;</text>`,
		`\033[8msecret`:          ``,
		`  a  b  `:               `<text x="18" y="15" textLength="36">a&#160;&#160;b</text>`,
		`a日本b`: `<text x="0" y="15" textLength="9">a</text>
<text x="9" y="15" textLength="18">日</text>
<text x="27" y="15" textLength="18">本</text>
<text x="45" y="15" textLength="9">b</text>`,
		`\033[31m██`: `<rect x="0" y="0" width="18" height="20" class="#f0716b"/>`,
		`│\n└ `:      `<path transform="translate(.5 .5)" fill="none" stroke="currentColor" class="#d8dee6" stroke-width="1" d="M4 0V20M4 20V30M4 30H9"/>`,
	} {
		got := picture(t, terminal.Options{Width: 10, Height: 4}, "printf '\\033[?25l"+script+"'")
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
	decoder := xml.NewDecoder(strings.NewReader(picture(t, terminal.Options{Width: 20, Height: 4}, script)))
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
	screen := frame(t, terminal.Options{}, `i=32; while [ $i -lt 127 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done; printf '\033[1;3;4;5;7;9;31;42m\377\001 <>&"]]>'`)
	scene := terminal.Scene{Dark: screen, Light: screen, Caption: "<&>"}
	for decoder := xml.NewDecoder(strings.NewReader(terminal.SVG("a\x00b\xff]]>", scene, scene))); ; {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

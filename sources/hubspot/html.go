package hubspot

import (
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText is the text of a note, which HubSpot keeps as HTML: blocks become
// lines, list items get a dash, everything that is not text is left out. It reads
// token by token, so that no nesting can make it deep.
func plainText(body string) string {
	if !strings.ContainsAny(body, "<&") {
		return strings.TrimSpace(body)
	}
	var out strings.Builder
	hidden := 0 // open elements whose text is not shown
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch token := z.Next(); token {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				return ""
			}
			return tidy(out.String())
		case html.TextToken:
			if hidden == 0 {
				out.WriteString(oneLine(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			switch tag := atom.Lookup(name); {
			case invisible(tag):
				if token == html.StartTagToken {
					hidden++
				}
			case tag == atom.Li:
				out.WriteString("\n- ")
			case tag == atom.Br || block(tag):
				out.WriteByte('\n')
			case tag == atom.Td || tag == atom.Th:
				out.WriteByte(' ')
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			switch tag := atom.Lookup(name); {
			case invisible(tag):
				hidden = max(0, hidden-1)
			case block(tag) && tag != atom.Li: // the next item or the end of the list breaks the line
				out.WriteByte('\n')
			}
		}
	}
}

func invisible(tag atom.Atom) bool {
	switch tag {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Noscript:
		return true
	}
	return false
}

func block(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Li, atom.Tr, atom.Table, atom.Blockquote, atom.Pre, atom.Hr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Section, atom.Article, atom.Header, atom.Footer:
		return true
	}
	return false
}

// oneLine folds white space as a browser does, keeping one blank at each end.
func oneLine(s string) string {
	s = strings.ReplaceAll(s, "\u00a0", " ")
	folded := strings.Join(strings.Fields(s), " ")
	if folded == "" {
		if s == "" {
			return ""
		}
		return " "
	}
	if strings.ContainsRune(" \t\r\n", rune(s[0])) {
		folded = " " + folded
	}
	if strings.ContainsRune(" \t\r\n", rune(s[len(s)-1])) {
		folded += " "
	}
	return folded
}

// tidy trims each line and leaves at most one empty line between two others.
func tidy(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

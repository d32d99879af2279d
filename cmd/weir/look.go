package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// look is how text appears where it is written: in colour and folded on a
// terminal, plain and one line each in files and pipes.
type look struct {
	width   int // columns; 0 folds nothing
	colours bool
}

// lookOf asks the terminal behind w, if there is one.
func lookOf(w io.Writer) look {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" {
		return look{}
	}
	return look{width: columns(w), colours: os.Getenv("NO_COLOR") == ""}
}

// columns is the width of the terminal behind w, now; 0 if it does not say.
func columns(w io.Writer) int {
	width, _ := size(w)
	return width
}

// lines is the height of the terminal behind w, now; 0 if it does not say.
func lines(w io.Writer) int {
	_, height := size(w)
	return height
}

func size(w io.Writer) (width, height int) {
	file, ok := w.(*os.File)
	if !ok {
		return 0, 0
	}
	width, height, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// What a terminal calls its colours.
const (
	faint  = "2"
	green  = "32"
	red    = "31"
	yellow = "33"
)

func (l look) paint(colour, text string) string {
	if !l.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// fold breaks a line between words so that it fits; what continues is indented
// by hang. A word longer than the width stays whole.
func (l look) fold(line string, hang int) []string {
	if l.width <= 0 || utf8.RuneCountInString(line) <= l.width {
		return []string{line}
	}
	var lines []string
	body := strings.TrimLeft(line, " ")
	now := line[:len(line)-len(body)]
	empty := true
	for _, word := range strings.Split(body, " ") {
		if !empty && utf8.RuneCountInString(now)+1+utf8.RuneCountInString(word) > l.width {
			lines = append(lines, strings.TrimRight(now, " "))
			now, empty = strings.Repeat(" ", hang), true
		}
		if !empty {
			now += " "
		}
		if !empty || word != "" {
			now, empty = now+word, false
		}
	}
	return append(lines, now)
}

// line prints one folded line.
func (l look) line(out io.Writer, hang int, format string, args ...any) {
	for _, line := range l.fold(fmt.Sprintf(format, args...), hang) {
		fmt.Fprintln(out, line)
	}
}

// table prints rows under each other: the first column to the left, the others
// to the right.
func table(out io.Writer, rows [][]string) {
	widths := columnWidths(rows)
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("  " + cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// tableWidth is how wide table prints rows.
func tableWidth(rows [][]string) int {
	total := 0
	for _, width := range columnWidths(rows) {
		total += 2 + width
	}
	return total
}

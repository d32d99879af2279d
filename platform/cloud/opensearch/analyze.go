package opensearch

import (
	"strings"
	"unicode"
)

// wordMax is the longest token; a longer word is cut into several.
const wordMax = 255

// analyze is the standard analyzer: words by Unicode's rules for the scripts
// that put spaces between them, ideographs and kana one by one, in lower case.
func analyze(text string) []string {
	var out []string
	runes := []rune(text)
	for i := 0; i < len(runes); {
		if !isWord(runes[i]) {
			i++
			continue
		}
		if alone(runes[i]) {
			out = append(out, string(runes[i]))
			i++
			continue
		}
		end := wordEnd(runes, i)
		if strings.ContainsFunc(string(runes[i:end]), func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			for from := i; from < end; from += wordMax {
				out = append(out, strings.ToLower(string(runes[from:min(end, from+wordMax)])))
			}
		}
		i = end
	}
	return out
}

func isWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || r == '_'
}

// alone tells scripts whose every character is a word.
func alone(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana) }

// wordEnd finds where the word that begins at i ends. An apostrophe, a full
// stop or a colon between letters does not end it, nor does a full stop or a
// comma between digits.
func wordEnd(runes []rune, i int) int {
	for i++; i < len(runes); i++ {
		r := runes[i]
		if isWord(r) && !alone(r) {
			continue
		}
		if i+1 >= len(runes) || alone(r) {
			return i
		}
		before, after := runes[i-1], runes[i+1]
		letters := strings.ContainsRune("'.:’·", r) && unicode.IsLetter(before) && unicode.IsLetter(after) && !alone(after)
		digits := strings.ContainsRune("'.,;", r) && unicode.IsDigit(before) && unicode.IsDigit(after)
		if !letters && !digits {
			return i
		}
	}
	return i
}

package alerts

import "strconv"

// halfCharacter tells whether a JSON text has one half of a surrogate pair, which encoding/json would silently replace.
func halfCharacter(body []byte) bool {
	expected := -1 // where the second half must begin
	for at := 0; at < len(body); at++ {
		if body[at] != '\\' {
			continue
		}
		unit, ok := escapedUnit(body[at:])
		if !ok {
			at++ // an escape of one character, which may be a backslash itself
			continue
		}
		switch {
		case unit >= 0xDC00 && unit <= 0xDFFF:
			if at != expected {
				return true
			}
			expected = -1
		case expected >= 0:
			return true
		case unit >= 0xD800 && unit <= 0xDBFF:
			expected = at + 6
		}
		at += 5
	}
	return expected >= 0
}

func escapedUnit(text []byte) (uint64, bool) {
	if len(text) < 6 || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return unit, err == nil
}

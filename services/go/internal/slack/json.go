package slack

import (
	"bytes"
	"encoding/json"
)

// asJSON is compact JSON in UTF-8: every implementation of the threader sends the same bytes.
func asJSON(payload any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(payload); err != nil {
		return nil, err
	}
	return plainSeparators(bytes.TrimSuffix(out.Bytes(), []byte("\n"))), nil
}

// plainSeparators undoes the one escape that encoding/json makes for JavaScript's sake: U+2028 and U+2029.
func plainSeparators(text []byte) []byte {
	plain := make([]byte, 0, len(text))
	for at := 0; at < len(text); at++ {
		if text[at] != '\\' {
			plain = append(plain, text[at])
			continue
		}
		if escape := string(text[at:min(at+6, len(text))]); escape == `\u2028` || escape == `\u2029` {
			plain = append(plain, 0xE2, 0x80, 0xA8+escape[5]-'8')
			at += 5
			continue
		}
		plain = append(plain, text[at], text[at+1]) // another escape; what it escapes may be a backslash
		at++
	}
	return plain
}

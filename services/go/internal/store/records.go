package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// maxIncidents is about 3 MB; the longest unchanged go first.
const maxIncidents = 20_000

// records are those of a file, the longest unchanged first.
type records struct {
	order []string
	byID  map[string]record
}

func newRecords() records { return records{byID: map[string]record{}} }

// with one more, or one changed, and without what is expired or too many. It leaves the old ones as they are.
func (r records) with(incident string, changed record, ttl time.Duration, most int) records {
	kept := newRecords()
	for _, id := range r.order {
		if old := r.byID[id]; id != incident && !old.expired(ttl) {
			kept.order, kept.byID[id] = append(kept.order, id), old
		}
	}
	kept.order, kept.byID[incident] = append(kept.order, incident), changed
	for len(kept.order) > most {
		delete(kept.byID, kept.order[0])
		kept.order = kept.order[1:]
	}
	return kept
}

// encode keeps the order, which other implementations read from the file.
func (r records) encode() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(`{"version":1,"incidents":{`)
	for number, id := range r.order {
		if number > 0 {
			out.WriteByte(',')
		}
		name, _ := json.Marshal(id)
		value, err := json.Marshal(r.byID[id])
		if err != nil {
			return nil, err
		}
		out.Write(slices.Concat(name, []byte{':'}, value))
	}
	out.WriteString("}}")
	return out.Bytes(), nil
}

func decodeRecords(content []byte) (records, error) {
	var file struct {
		Version   int             `json:"version"`
		Incidents json.RawMessage `json:"incidents"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return records{}, err
	}
	decoder := json.NewDecoder(bytes.NewReader(file.Incidents))
	if first, _ := decoder.Token(); file.Version != 1 || first != json.Delim('{') {
		return records{}, errors.New("not a thread store of version 1")
	}
	found := newRecords()
	for decoder.More() {
		name, _ := decoder.Token()
		var raw json.RawMessage
		if err := decoder.Decode(&raw); err != nil {
			return records{}, err
		}
		each, err := unpack(raw)
		if err != nil {
			return records{}, err
		}
		id, _ := name.(string)
		found.order, found.byID[id] = append(found.order, id), each
	}
	return found, nil
}

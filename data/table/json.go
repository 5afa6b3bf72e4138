package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/macaw-ai/macaw/internal/fault"
)

// maxNesting is how deep objects within records are flattened to columns a.b.c.
const maxNesting = 8

// readJSON reads JSON Lines, records one behind the other, an array of records,
// or an object that holds such an array.
func readJSON(text, name string, limits Limits) (*Frame, error) {
	j := &jsonTable{name: name, limits: limits, index: map[string]int{}}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	format := "JSON Lines"
	for {
		var raw json.RawMessage
		// An array is read record by record, so that it is not held twice.
		if j.rows == 0 && strings.HasPrefix(text, "[") {
			format = "JSON"
			if err := j.array(dec); err != nil {
				return nil, err
			}
			break
		}
		if err := dec.Decode(&raw); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, j.broken(dec, err)
		}
		if j.rows == 0 && !dec.More() {
			if list, ok := wrapped(raw); ok {
				return readJSON(list, name, limits)
			}
		}
		if err := j.record(raw); err != nil {
			return nil, err
		}
	}
	return &Frame{Format: format, Names: j.names, Columns: j.columns, Header: true}, nil
}

type jsonTable struct {
	name    string
	limits  Limits
	names   []string
	index   map[string]int // of names
	columns [][]string
	rows    int
}

func (j *jsonTable) broken(dec *json.Decoder, err error) error {
	return fault.Errorf(fault.Invalid, "%s is broken JSON at byte %d, behind %d records: %w.", j.name, dec.InputOffset(), j.rows, err)
}

func (j *jsonTable) array(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return j.broken(dec, err)
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return j.broken(dec, err)
		}
		if err := j.record(raw); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return j.broken(dec, err)
	}
	return nil
}

// wrapped finds the one array of records within an object, such as
// {"data": [...]}.
func wrapped(raw json.RawMessage) (string, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return "", false
	}
	list := ""
	for _, v := range fields {
		s := strings.TrimSpace(string(v))
		if strings.HasPrefix(s, "[") && strings.HasPrefix(strings.TrimLeft(s[1:], " \t\r\n"), "{") {
			if list != "" {
				return "", false
			}
			list = s
		}
	}
	return list, list != ""
}

// record appends one record to the columns.
func (j *jsonTable) record(raw json.RawMessage) error {
	if len(raw) == 0 || raw[0] != '{' {
		return fault.Errorf(fault.Invalid, "%s holds %s as record %d; every record must be an object such as {\"a\": 1}.", j.name, kindOf(raw), j.rows)
	}
	j.rows++
	if err := j.object(raw, "", 0); err != nil {
		return err
	}
	if j.rows*len(j.columns) > j.limits.Cells {
		return tooManyCells(j.name, j.limits.Cells)
	}
	for k := range j.columns {
		if len(j.columns[k]) < j.rows {
			j.columns[k] = append(j.columns[k], "")
		}
	}
	return nil
}

func (j *jsonTable) object(raw json.RawMessage, prefix string, depth int) error {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	if _, err := dec.Token(); err != nil {
		return j.broken(dec, err)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return j.broken(dec, err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return j.broken(dec, err)
		}
		name := prefix + fmt.Sprint(key)
		if len(value) > 0 && value[0] == '{' && depth < maxNesting {
			if err := j.object(value, name+".", depth+1); err != nil {
				return err
			}
			continue
		}
		if err := j.cell(name, Cell(value)); err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonTable) cell(name, value string) error {
	k, ok := j.index[name]
	if !ok {
		k = len(j.names)
		if k >= j.limits.Columns {
			return tooManyColumns(j.name, k+1, j.limits.Columns)
		}
		if j.rows > 1 && k*j.rows > j.limits.Cells {
			return tooManyCells(j.name, j.limits.Cells)
		}
		j.index[name] = k
		j.names = append(j.names, name)
		j.columns = append(j.columns, make([]string, j.rows-1))
	}
	if len(j.columns[k]) < j.rows {
		j.columns[k] = append(j.columns[k], value)
	} else {
		j.columns[k][j.rows-1] = value // a repeated key: the last counts
	}
	return nil
}

// Cell writes a JSON value as the cell of a table: strings without their quotes,
// null as "", everything else as it stands.
func Cell(raw json.RawMessage) string {
	s := strings.TrimSpace(string(raw))
	if s == "null" {
		return ""
	}
	if strings.HasPrefix(s, `"`) {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			return text
		}
	}
	return s
}

func kindOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch raw[0] {
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

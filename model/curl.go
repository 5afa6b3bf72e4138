package model

import (
	"encoding/json"
	"strings"
)

// Curl is a request to a model of a task, served at base, that can be pasted
// into a shell. row gives an example of each column, for tables.
func Curl(base, name, task string, row map[string]string) string {
	url := base + "/models/" + name + "/predict"
	switch task {
	case ImageClassification:
		return "curl -F file=@image.png " + url
	case TextClassification:
		return "curl -H 'Content-Type: text/plain' --data-binary 'your text' " + url
	}
	text, err := json.Marshal(row)
	if err != nil {
		panic(err) // strings cannot fail
	}
	return "curl -H 'Content-Type: application/json' -d '" + strings.ReplaceAll(string(text), "'", `'\''`) + "' " + url
}

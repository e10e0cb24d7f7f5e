// The judge of Halite's Kubernetes loader: reads JSON requests, one a line ({"texts": [...]}), and answers each with what kubectl's readers make
// of every text: the stream split by apimachinery, each part by sigs.k8s.io/yaml's YAMLToJSONStrict.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"sort"
	"strings"

	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

type answer struct {
	Documents []any  `json:"documents,omitempty"`
	Error     string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var request struct {
				Texts []string `json:"texts"`
			}
			if err := json.Unmarshal(line, &request); err != nil {
				panic(err)
			}
			answers := make([]answer, len(request.Texts))
			for i, text := range request.Texts {
				answers[i] = load(text)
			}
			encoder := json.NewEncoder(out)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(answers); err != nil {
				panic(err)
			}
			out.Flush()
		}
		if err != nil {
			return
		}
	}
}

func load(text string) (result answer) {
	defer func() {
		if p := recover(); p != nil {
			result = answer{Error: "panic"}
		}
	}()
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		part, err := reader.Read()
		if err == io.EOF {
			return result
		}
		if err != nil {
			return answer{Error: err.Error()}
		}
		converted, err := yaml.YAMLToJSONStrict(part)
		if err != nil {
			return answer{Error: err.Error()}
		}
		decoder := json.NewDecoder(bytes.NewReader(converted))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return answer{Error: err.Error()}
		}
		if value != nil {
			result.Documents = append(result.Documents, encode(value))
		}
	}
}

// encode writes values as test/oracle/encode.ts does, keys sorted.
func encode(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		keys := make([]string, 0, len(typed))
		for key := range typed {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		pairs := make([]any, 0, len(keys))
		for _, key := range keys {
			pairs = append(pairs, []any{key, encode(typed[key])})
		}
		return map[string]any{"dict": pairs}
	case []any:
		items := make([]any, len(typed))
		for i, item := range typed {
			items[i] = encode(item)
		}
		return items
	case json.Number:
		return map[string]any{"number": typed.String()}
	default:
		return value
	}
}

package main

// The recipes that make chooses from register themselves.
import (
	_ "github.com/macaw-ai/macaw/toolbox/tabular"
	_ "github.com/macaw-ai/macaw/toolbox/text"
	_ "github.com/macaw-ai/macaw/toolbox/vision"
)

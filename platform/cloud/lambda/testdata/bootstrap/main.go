// Command bootstrap is a function that the tests deploy as a zip.
package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context) (string, error) {
		data, err := os.ReadFile(filepath.Join(os.Getenv("LAMBDA_TASK_ROOT"), "data", "greeting.txt"))
		return string(data), err
	})
}

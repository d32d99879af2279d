package cloud

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/opensearch"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Whatever AWS's own client can send, the operation must know: a member that
// it has not is either honoured or refused by name, and never dropped unseen.
func TestOperationsKnowEveryMemberOfTheirRequests(t *testing.T) {
	t.Parallel()
	elsewhere := map[string][]string{ // in the path, the query or a header, or without effect here
		"lambda:*":                       {"FunctionName", "Qualifier", "UUID"},
		"lambda:Invoke":                  {"DurableExecutionName", "TenantId"}, // headers, refused
		"lambda:UpdateAlias":             {"Name"},
		"lambda:TagResource":             {"Resource"},
		"lambda:ListAliases":             {"FunctionVersion"},
		"lambda:ListFunctions":           {"FunctionVersion", "MasterRegion"}, // replicas of other regions are CloudFront's
		"lambda:ListEventSourceMappings": {"EventSourceArn"},
		"monitoring:PutMetricData":       {"StrictEntityValidation"},  // of EntityMetricData, which is refused
		"monitoring:GetMetricData":       {"LabelOptions"},            // of dynamic labels, which are refused
		"sqs:ReceiveMessage":             {"ReceiveRequestAttemptId"}, // of FIFO queues, which are refused
	}
	clients := map[string]reflect.Type{
		"es":         reflect.TypeFor[*opensearch.Client](),
		"monitoring": reflect.TypeFor[*cloudwatch.Client](),
		"iam":        reflect.TypeFor[*iam.Client](), "kinesis": reflect.TypeFor[*kinesis.Client](), "kafka": reflect.TypeFor[*kafka.Client](),
		"lambda": reflect.TypeFor[*lambda.Client](), "sqs": reflect.TypeFor[*sqs.Client](), "sts": reflect.TypeFor[*sts.Client](),
	}
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.listener.Close()
	for _, service := range c.services {
		client, known := clients[service.SigningName]
		if !known {
			t.Errorf("name the client of %s in this test", service.SigningName)
			continue
		}
		for _, op := range service.Operations {
			name := service.SigningName + ":" + op.Name
			method, known := client.MethodByName(op.Name)
			if !known {
				continue // younger or older than the client
			}
			have := reflect.TypeOf(op.NewInput()).Elem()
			if have.NumField() == 0 { // takes nothing, or refuses everything
				continue
			}
			bound := append(slices.Clone(elsewhere[name]), elsewhere[service.SigningName+":*"]...)
			for _, path := range unknownMembers(method.Type.In(2).Elem(), have, "") {
				if !slices.Contains(bound, path) {
					t.Errorf("%s drops %s", name, path)
				}
			}
		}
	}
}

// unknownMembers lists the members of sent that have lacks.
func unknownMembers(sent, have reflect.Type, prefix string) (paths []string) {
	fields := membersOf(have)
	for i := range sent.NumField() {
		member := sent.Field(i)
		if !member.IsExported() || member.Name == "ResultMetadata" {
			continue
		}
		field, known := fields[strings.ToLower(member.Name)]
		if !known {
			paths = append(paths, prefix+member.Name)
			continue
		}
		inner, own := structOf(member.Type), structOf(field)
		if inner != nil && own != nil {
			paths = append(paths, unknownMembers(inner, own, prefix+member.Name+".")...)
		}
	}
	return paths
}

// membersOf are the fields that JSON may fill, by lower-case name: the client
// spells some names otherwise than the wire.
func membersOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		if field.Anonymous || !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		out[strings.ToLower(name)] = field.Type
	}
	return out
}

// structOf is the struct that a type holds one or many of. It is nil if the
// struct reads itself, or has no members: then it is refused as a whole.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	own := reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
	if t.Kind() != reflect.Struct || t.NumField() == 0 || own || t.PkgPath() == "time" {
		return nil
	}
	return t
}

package iam

import (
	"fmt"
	"strings"
	"time"
)

// awsPolicies are those of AWS's own policies that a streaming account needs:
// what each allows, on every resource.
func awsPolicies() []awsPolicy {
	logs := []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
	with := func(actions ...string) []string { return append(actions, logs...) }
	return []awsPolicy{
		{"/", "AdministratorAccess", []string{"*"}},
		{"/", "AmazonKinesisFullAccess", []string{"kinesis:*"}},
		{"/", "AmazonKinesisReadOnlyAccess", []string{"kinesis:Get*", "kinesis:List*", "kinesis:Describe*"}},
		{"/", "AmazonSQSFullAccess", []string{"sqs:*"}},
		{"/service-role/", "AWSLambdaBasicExecutionRole", logs},
		{"/service-role/", "AWSLambdaKinesisExecutionRole", with(
			"kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
			"kinesis:GetShardIterator", "kinesis:ListShards", "kinesis:ListStreams", "kinesis:SubscribeToShard",
		)},
		{"/service-role/", "AWSLambdaSQSQueueExecutionRole", with(
			"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
		)},
	}
}

type awsPolicy struct {
	path, name string
	actions    []string
}

// awsManaged builds them, by ARN. Their ids and dates are this cloud's own.
func awsManaged() (map[string]*managedPolicy, error) {
	born := time.Date(2015, time.January, 1, 0, 0, 0, 0, time.UTC)
	managed := map[string]*managedPolicy{}
	for _, p := range awsPolicies() {
		text := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["%s"],"Resource":"*"}]}`,
			strings.Join(p.actions, `","`))
		v, err := compileVersion(text, born)
		if err != nil {
			return nil, fmt.Errorf("AWS-managed policy %s: %w", p.name, err)
		}
		m := &managedPolicy{
			name: p.name, path: p.path, id: derivedID("ANPA", p.name, 21),
			arn: strings.TrimSuffix(awsPolicyPrefix, "/") + p.path + p.name, created: born, updated: born,
		}
		m.add(v, true)
		managed[m.arn] = m
	}
	return managed, nil
}

-- at write 2, which is not on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.000},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.000},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.000},0,NULL,NULL,NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.091});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.091},{write+0.091},1);
-- at write 2, which is on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.000},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.000},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.000},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second-1},\"v\":1,\"z\":1}"}}',NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.130});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.130},{write+0.130},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.420},{write+0.420},1);
-- at write 3, which is not on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.000},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.000},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.000},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second-1},\"v\":1,\"z\":1}"}}',NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.123});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.123},{write+0.123},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.417},{write+0.417},1);
-- at write 3, which is on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.000},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.000},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.000},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second+0},\"v\":1,\"z\":1}"}}',{write+0.405},'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.083});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.083},{write+0.083},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.399},{write+0.399},1);
-- at write 4, which is not on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.000},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.000},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.000},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second+0},\"v\":1,\"z\":1}"}}',{write+0.361},'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.088});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.088},{write+0.088},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.355},{write+0.355},1);
-- at write 4, which is on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.653},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.653},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.653},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second+0},\"v\":1,\"z\":1}"}}',{write+0.410},'{action2}',NULL,0);
INSERT INTO "job" VALUES('{job2.2}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{second+0},"id":"{job2.2}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.2}","offeredAt":{claim+14.889},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"},"shows":{"count":0}}',{claim+0.000},0,NULL,NULL,NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.495});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.056},{write+0.056},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.404},{write+0.404},1);
INSERT INTO "step" VALUES('{action2}','Taken from the queue again',{write+0.495},{write+0.495},1);
-- at write 5, which is not on disk
INSERT INTO "job" VALUES('{job2.1}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{claim+0.655},"id":"{job2.1}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.1}","offeredAt":{claim+0.655},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"}}',{claim+0.655},0,NULL,'{"continuation":{"progress":{"summary":"Put back, since the reply to the job''s acknowledgement was lost"},"token":"{\"a\":\"{action2}\",\"d\":1,\"t\":{second+0},\"v\":1,\"z\":1}"}}',{write+0.419},'{action2}',NULL,0);
INSERT INTO "job" VALUES('{job2.2}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{second+0},"id":"{job2.2}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.2}","offeredAt":{claim+15.309},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"},"shows":{"count":0}}',{claim+0.000},0,NULL,NULL,NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.530});
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.123},{write+0.123},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.413},{write+0.413},1);
INSERT INTO "step" VALUES('{action2}','Taken from the queue again',{write+0.530},{write+0.530},1);
-- at write 5, which is on disk
INSERT INTO "job" VALUES('{job2.2}','{"actionExecutionID":"{action2}","actionTypeID":{"category":"Deploy","owner":"Custom","provider":"Quali-Start-Sandbox","version":"1"},"claimedAt":{second+0},"id":"{job2.2}","isAcknowledged":false,"isInServiceTime":true,"nonce":"{nonce2.2}","offeredAt":{claim+15.990},"place":{"action":"Start","pipeline":"{pipeline}","pipelineExecutionID":"{pipelineExecution}","stage":"Lab"},"shows":{"count":0}}',{claim+0.000},1,NULL,NULL,NULL,'{action2}',NULL,0);
INSERT INTO "mark" VALUES('{mark}',{write+0.637});
INSERT INTO "step" VALUES('{action2}','Acknowledged',{write+0.645},{write+0.645},1);
INSERT INTO "step" VALUES('{action2}','Claimed',{write+0.161},{write+0.161},1);
INSERT INTO "step" VALUES('{action2}','Put back into the queue',{write+0.500},{write+0.500},1);
INSERT INTO "step" VALUES('{action2}','Taken from the queue again',{write+0.637},{write+0.637},1);

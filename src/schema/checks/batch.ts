import { cronProblem } from "../cron.ts";
import type { Place } from "../place.ts";
import { checkSelector } from "./metadata.ts";
import { checkPodTemplate } from "./pod.ts";
import type { Subject } from "./subject.ts";

/** A CronJob's jobs get the time as a suffix of 11 characters. */
const CRON_NAME = 52;

/** Job and CronJob. */
export function checkBatch(root: Place, subject: Subject): void {
  const spec = root.at("spec");
  spec.require();
  if (subject.kind === "Job") {
    checkJob(spec, subject);
    return;
  }
  const name = root.at("metadata", "name");
  if (name.text !== undefined && name.text.length > CRON_NAME) name.refuse("schema-name", `is longer than ${CRON_NAME} characters`);
  const schedule = spec.at("schedule");
  if (schedule.present) schedule.require();
  const wrong = schedule.text === undefined || schedule.text === "" ? undefined : cronProblem(schedule.text);
  if (wrong !== undefined) schedule.refuse("schema-schedule", `is ${JSON.stringify(schedule.text)}: ${wrong}`);
  for (const field of ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"])
    spec.at(field).range(0, Infinity);
  const zone = spec.at("timeZone");
  if (zone.text === "" || zone.text === "Local") zone.refuse("schema-enum", "must be a time zone's name such as Europe/Berlin");
  if (spec.at("jobTemplate").isObject) spec.at("jobTemplate", "spec").require();
  checkJob(spec.at("jobTemplate", "spec"), subject);
}

function checkJob(spec: Place, subject: Subject): void {
  if (!spec.isObject) return;
  for (const field of [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
  ]) {
    spec.at(field).range(0, 2 ** 31 - 1);
  }
  if (spec.at("completionMode").text === "Indexed") spec.at("completions").require("is required with completionMode Indexed");
  const manual = spec.at("manualSelector").value === true;
  const selector = spec.at("selector");
  if (selector.isObject && !manual)
    selector.refuse("schema-conflict", "is made by the API server unless manualSelector is true", "leave it out");
  checkSelector(selector);
  checkPodTemplate(spec.at("template"), subject);
  const restart = spec.at("template", "spec", "restartPolicy");
  if (spec.at("template").isObject && (restart.blank || restart.text === "Always"))
    restart.refuse("schema-enum", "must be OnFailure or Never in a Job");
}

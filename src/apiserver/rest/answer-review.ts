import { isObject } from "#resources/schema/field-path.ts";
import type { User } from "../admission/admission.ts";
import { badRequest } from "../errors/api-error.ts";
import { answer } from "../http/answer.ts";
import { readDocument } from "../http/read-body.ts";
import type { Review } from "../reviews/reviews.ts";
import { methodNotAllowed } from "./resource-request.ts";

export async function answerReview(request: Request, review: Review, user: User) {
  if (request.method !== "POST") throw methodNotAllowed();
  const question = await readDocument(request);
  if (!isObject(question)) throw badRequest("the body of the request must be an object");
  const { kind, group, version } = review;
  const apiVersion = `${group}/${version}`;
  const metadata = isObject(question.metadata) ? question.metadata : {};
  const said = { kind, apiVersion, metadata, ...review.answer(question, user) };
  return answer(said, { status: 201 });
}

// Kinds that are questions: nothing is stored, the answer is the object with its status filled in.
import { isObject } from "#resources/schema/field-path.ts";
import type { User } from "../admission/admission.ts";

export interface Review {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly description: string;
  answer(question: Readonly<Record<string, unknown>>, user: User): Record<string, unknown>;
}

/** Whoever has a token may do everything: the API has one administrator, the user who owns the data directory. */
const ALLOWED = { allowed: true, reason: "every token of this API is its administrator's" };

const RULES = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
  incomplete: false,
};

export const reviews: readonly Review[] = [
  {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SelfSubjectAccessReview",
    plural: "selfsubjectaccessreviews",
    singular: "selfsubjectaccessreview",
    description: "Asks whether the caller may do something.",
    answer: ({ spec }) => ({ spec: isObject(spec) ? spec : {}, status: ALLOWED }),
  },
  {
    group: "authorization.k8s.io",
    version: "v1",
    kind: "SelfSubjectRulesReview",
    plural: "selfsubjectrulesreviews",
    singular: "selfsubjectrulesreview",
    description: "Asks what the caller may do.",
    answer: ({ spec }) => ({ spec: isObject(spec) ? spec : {}, status: RULES }),
  },
  {
    group: "authentication.k8s.io",
    version: "v1",
    kind: "SelfSubjectReview",
    plural: "selfsubjectreviews",
    singular: "selfsubjectreview",
    description: "Asks who the caller is.",
    answer: (_, { name, groups }) => ({ status: { userInfo: { username: name, groups } } }),
  },
];

export function findReview(group: string, version: string, plural: string): Review | undefined {
  return reviews.find(
    (review) => review.group === group && review.version === version && review.plural === plural,
  );
}

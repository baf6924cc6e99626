/**
 * Swagger UI: `<div data-module="api_docs" data-document="/api/v1/openapi.json" data-styles="/assets/…">`. It is large, so it is a
 * chunk of its own that only this page loads, with its styles.
 */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { csrf } from "../api";

export function attach(element: HTMLElement): void {
  const styles = document.createElement("link");
  styles.rel = "stylesheet";
  styles.href = element.dataset["styles"] ?? "";
  document.head.append(styles);
  SwaggerUI({
    domNode: element,
    url: element.dataset["document"] ?? "/api/v1/openapi.json",
    // Nothing is asked of other servers.
    validatorUrl: null,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    // What changes something needs the token of this session.
    requestInterceptor: (request) => {
      if (request.method !== undefined && request.method !== "GET") request.headers["X-CSRF-Token"] = csrf();
      return request;
    },
  });
}

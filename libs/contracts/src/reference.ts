export {
  asyncApiDocument,
  type AsyncApiDocument,
  type SocketFrame,
  socketFrames,
} from './asyncapi/document.ts';
export { httpOperations, openApiDocument, type OpenApiDocument } from './openapi/document.ts';

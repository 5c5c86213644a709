/** The compressed core, set by the build. */
declare const CORE: string;
